"""The claim of a stock number as a function: PostgreSQL plans it once a connection, not each time.

With many workers the planning took more than the claim. A prepared statement would do the
same, but not behind every pooler of connections.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION proxying_take_from_stock(
    wanting uuid, attempt integer, of_country text, preferred text, of_service bigint
) RETURNS TABLE (proxy_identifier varchar, phone_number_sid varchar) LANGUAGE plpgsql AS $$
DECLARE
    beginning text;
    chosen proxying_stocknumber;
BEGIN
    -- A worker of the same row waits here, before it chooses.
    PERFORM FROM proxying_reservednumber AS promised
    WHERE promised.id = wanting AND promised.attempts = attempt AND promised.status = 'pending'
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    FOREACH beginning IN ARRAY ARRAY[preferred, '+'] LOOP
        -- What a worker of another row is taking is passed over.
        DELETE FROM proxying_stocknumber AS given WHERE given.id = (
            SELECT stock.id FROM proxying_stocknumber AS stock
            WHERE stock.country = of_country AND stock.phone_number_sid <> ''
                AND starts_with(stock.proxy_identifier, beginning)
            ORDER BY stock.id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING * INTO chosen;
        IF FOUND THEN
            UPDATE proxying_reservednumber AS promised
            SET status = 'reserving', service_id = of_service,
                proxy_identifier = chosen.proxy_identifier,
                phone_number_sid = chosen.phone_number_sid
            WHERE promised.id = wanting;
            RETURN QUERY SELECT chosen.proxy_identifier, chosen.phone_number_sid;
            RETURN;
        END IF;
    END LOOP;
END $$
"""
SIGNATURE = "proxying_take_from_stock(uuid, integer, text, text, bigint)"


def forward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION)


def backward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {SIGNATURE}")


class Migration(migrations.Migration):
    dependencies = [("proxying", "0018_outages")]

    operations = [migrations.RunPython(forward, backward)]
