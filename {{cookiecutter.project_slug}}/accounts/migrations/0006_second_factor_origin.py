# A second factor outlives a password reset where the address was verified before it was set up. Of
# those that exist only the present is known: they are treated as before.

from django.db import migrations, models


def copy_from_the_address(apps, schema_editor):
    holders = apps.get_model('accounts', 'User').objects.filter(has_second_factor=True)
    holders.filter(email_verified=True).update(verified_before_second_factor=True)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_what_a_session_began'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='verified_before_second_factor',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='The address was verified when the second factor was set up.'),
        ),
        migrations.RunPython(copy_from_the_address, migrations.RunPython.noop),
    ]
