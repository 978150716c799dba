# A refresh rewrites its session's row. Room on the page lets PostgreSQL do that in place, without
# touching an index (a HOT update).

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_second_factor'),
    ]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE accounts_session SET (fillfactor = 80)',
            'ALTER TABLE accounts_session RESET (fillfactor)',
        ),
    ]
