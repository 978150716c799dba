# What a session began ends with it: PostgreSQL deletes the row of a pending address or a pending
# secret with the session, or the challenge, that it belongs to. Django 5.2 cannot declare that.

from datetime import timedelta

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import migrations, models

import accounts.models


def ends_with(table, column, owner):
    name = f'{table}_{column}_fk'
    return migrations.RunSQL(
        f'ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column})'
        f' REFERENCES {owner} (id) ON DELETE CASCADE',
        f'ALTER TABLE {table} DROP CONSTRAINT {name}',
    )


def purge_invitations_as_before(apps, schema_editor):
    """What purged unaccepted invitations until now told them apart by their dates."""
    unaccepted = apps.get_model('accounts', 'User').objects.filter(
        invited_at=models.F('date_joined'), email_verified=False, password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    lifetime = timedelta(seconds=settings.JWT_ALLAUTH_INVITATION_LIFETIME)
    unaccepted.update(purge_after=models.F('invited_at') + lifetime)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_session_fillfactor'),
    ]

    operations = [
        # Nobody knows which session asked for what is pending: it has to be asked for again.
        migrations.RemoveField(model_name='user', name='pending_email'),
        migrations.RemoveField(model_name='user', name='pending_email_until'),
        migrations.CreateModel(
            name='EmailChange',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='email_change', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('email', accounts.models.LowercaseEmailField(max_length=254)),
                ('expires_at', models.DateTimeField(help_text='When the link expires.')),
                ('session', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.session')),
            ],
        ),
        migrations.RunSQL('DELETE FROM accounts_pendingsecret', migrations.RunSQL.noop),
        migrations.AddField(
            model_name='pendingsecret',
            name='session',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.session'),
        ),
        migrations.AddField(
            model_name='pendingsecret',
            name='challenge',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.loginchallenge'),
        ),
        migrations.AddConstraint(
            model_name='pendingsecret',
            constraint=models.CheckConstraint(condition=models.Q(('session__isnull', False), ('challenge__isnull', False), _connector='XOR'), name='pending_secret_has_one_origin'),
        ),
        ends_with('accounts_emailchange', 'session_id', 'accounts_session'),
        ends_with('accounts_pendingsecret', 'session_id', 'accounts_session'),
        ends_with('accounts_pendingsecret', 'challenge_id', 'accounts_loginchallenge'),
        migrations.CreateModel(
            name='EndedSession',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('refresh_jti', models.UUIDField()),
                ('previous_jti', models.UUIDField()),
                ('rotated_at', models.DateTimeField()),
                ('ip_address', models.GenericIPAddressField(null=True)),
                ('user_agent', models.CharField(blank=True, max_length=256)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('ended_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='user',
            name='purge_after',
            field=models.DateTimeField(editable=False, help_text='When a sign-up or an invitation that nobody has used is deleted.', null=True),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(condition=models.Q(('purge_after__isnull', False)), fields=['purge_after'], name='user_purge_after'),
        ),
        migrations.RunPython(purge_invitations_as_before, migrations.RunPython.noop, elidable=True),
    ]
