"""The claim of a stock number without a plan of its own each time.

Whether a number begins with what is preferred may hold for few or for all, so PostgreSQL
planned that statement anew for each caller, which took a third of the claim. It is asked now
only where something is preferred. Both versions answer the calls of both: nothing to undo.
"""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION proxying_take_from_stock(
    wanting uuid, attempt integer, of_country text, preferred text, of_service bigint
) RETURNS TABLE (proxy_identifier varchar, phone_number_sid varchar) LANGUAGE plpgsql AS $$
DECLARE
    chosen uuid;
BEGIN
    -- A worker of the same row waits here, before it chooses.
    PERFORM FROM proxying_reservednumber AS promised
    WHERE promised.id = wanting AND promised.attempts = attempt AND promised.status = 'pending'
    FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- What a worker of another row is taking is passed over.
    IF preferred <> '' THEN
        SELECT stock.id INTO chosen FROM proxying_stocknumber AS stock
        WHERE stock.country = of_country AND stock.phone_number_sid <> ''
            AND starts_with(stock.proxy_identifier, preferred)
        ORDER BY stock.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF chosen IS NULL THEN
        SELECT stock.id INTO chosen FROM proxying_stocknumber AS stock
        WHERE stock.country = of_country AND stock.phone_number_sid <> ''
        ORDER BY stock.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    DELETE FROM proxying_stocknumber AS given WHERE given.id = chosen
    RETURNING given.proxy_identifier, given.phone_number_sid
    INTO proxy_identifier, phone_number_sid;
    IF FOUND THEN
        UPDATE proxying_reservednumber AS promised
        SET status = 'reserving', service_id = of_service,
            proxy_identifier = proxying_take_from_stock.proxy_identifier,
            phone_number_sid = proxying_take_from_stock.phone_number_sid
        WHERE promised.id = wanting;
        RETURN NEXT;
    END IF;
END $$
"""


def forward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION)


class Migration(migrations.Migration):
    dependencies = [("proxying", "0025_who_began_a_session")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
