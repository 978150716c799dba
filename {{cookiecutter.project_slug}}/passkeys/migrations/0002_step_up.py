from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('passkeys', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='passkeychallenge',
            name='kind',
            field=models.CharField(choices=[('enrol', 'Add a passkey'), ('sign_in', 'Sign in'), ('verify', 'Verify a second factor'), ('step_up', 'Show a second factor in a session')], max_length=7),
        ),
    ]
