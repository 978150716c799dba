from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_trusted_devices'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='reported_leak',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='A keyed digest of the password hash whose leak the owner was told of.', max_length=64),
        ),
    ]
