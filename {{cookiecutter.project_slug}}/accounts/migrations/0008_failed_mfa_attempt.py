import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_idna_domains'),
    ]

    operations = [
        migrations.RenameModel('WrongCode', 'FailedMfaAttempt'),
        migrations.RenameIndex('FailedMfaAttempt', 'failed_mfa_attempt_latest', old_name='wrong_code_latest'),
        migrations.AlterField(
            model_name='failedmfaattempt',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='failed_mfa_attempts', to=settings.AUTH_USER_MODEL),
        ),
    ]
