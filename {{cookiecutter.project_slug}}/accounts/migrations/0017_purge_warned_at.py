from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_leaked_passwords'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='purge_warned_at',
            field=models.DateTimeField(editable=False, help_text='When the e-mail about the deletion was posted.', null=True),
        ),
    ]
