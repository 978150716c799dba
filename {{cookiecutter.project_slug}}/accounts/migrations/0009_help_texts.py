from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_failed_mfa_attempt'),
    ]

    operations = [
        migrations.AlterField(
            model_name='failedmfaattempt',
            name='challenge_id',
            field=models.UUIDField(help_text='Empty if the code was not for a challenge.', null=True),
        ),
        migrations.AlterField(
            model_name='loginchallenge',
            name='bound_to',
            field=models.CharField(help_text='A keyed digest of the password hash that was verified.', max_length=64),
        ),
        migrations.AlterField(
            model_name='loginchallenge',
            name='kind',
            field=models.CharField(choices=[('verify', 'Verify a second factor'), ('setup', 'Set up a second factor')], max_length=6),
        ),
        migrations.AlterField(
            model_name='session',
            name='previous_jti',
            field=models.UUIDField(help_text='The refresh token before it.', null=True),
        ),
        migrations.AlterField(
            model_name='session',
            name='rotated_at',
            field=models.DateTimeField(help_text='When the session was opened or last refreshed.'),
        ),
        migrations.AlterField(
            model_name='session',
            name='with_second_factor',
            field=models.BooleanField(default=False, help_text='The user has verified a second factor.'),
        ),
        migrations.AlterField(
            model_name='user',
            name='email_verified',
            field=models.BooleanField(default=False, help_text='The user has verified the address.'),
        ),
        migrations.AlterField(
            model_name='user',
            name='has_second_factor',
            field=models.BooleanField(default=False, editable=False, help_text='Sign-in requires a code.', verbose_name='second factor'),
        ),
        migrations.AlterField(
            model_name='user',
            name='invited_at',
            field=models.DateTimeField(editable=False, help_text='Set while an invitation is pending.', null=True),
        ),
        migrations.AlterField(
            model_name='user',
            name='purge_after',
            field=models.DateTimeField(editable=False, help_text='When the account is deleted, if it is not used before.', null=True),
        ),
    ]
