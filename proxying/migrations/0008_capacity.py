import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proxying', '0007_limit_counters'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlannedService',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unique_name', models.CharField(max_length=191, unique=True, verbose_name='unique name')),
                ('country', models.CharField(max_length=2, unique=True, verbose_name='country')),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='next attempt at')),
                ('last_error', models.CharField(blank=True, max_length=500, verbose_name='last error')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
            ],
            options={
                'verbose_name': 'planned Service',
                'verbose_name_plural': 'planned Services',
            },
        ),
        migrations.CreateModel(
            name='PoolPeak',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('busiest', models.PositiveIntegerField()),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pool_peaks', to='proxying.proxyservice')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('service', 'day'), name='one_peak_a_day')],
            },
        ),
        migrations.AddIndex(
            model_name='interaction',
            index=models.Index(fields=['created_at'], name='interactions_by_time'),
        ),
        migrations.AddIndex(
            model_name='proxysession',
            index=models.Index(condition=models.Q(('closed_at', None)), fields=['created_at'], name='sessions_not_closed'),
        ),
    ]
