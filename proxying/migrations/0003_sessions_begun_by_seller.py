from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proxying', '0002_desk_texts_and_reveals'),
    ]

    operations = [
        migrations.AddField(
            model_name='proxysession',
            name='begun_by_seller',
            field=models.BooleanField(default=False, help_text='a call or text back'),
        ),
    ]
