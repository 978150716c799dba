# Addresses get one spelling, with the domain in its ASCII form (core.email_address). An address that
# cannot be converted stays as it is, and its account is named by id: nothing is deleted.
#
# Links that were sent before to a converted address stop working; people ask for another.

from django.core.exceptions import ValidationError
from django.db import IntegrityError, migrations, models, transaction
from django.db.models.functions import Cast

from core import email_address
from core.email_address import LowercaseEmailField

CLASH = 'another account has the same mailbox'
UNDELIVERABLE = 'no e-mail can be sent to it'


def convert(apps, schema_editor):
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, LowercaseEmailField):
                convert_column(apps, model, field)


def convert_column(apps, model, field):
    for pk, address in rows(model, field):
        problem = convert_row(apps, model, field, pk, address)
        if problem:
            print(f'\n  {model._meta.label} {pk} keeps its {field.name}: {problem}.', end='')


def rows(model, field):
    """Those that may have another spelling. The one that was verified, or was there first, goes first."""
    # As text: the field would normalise the pattern.
    found = model.objects.annotate(spelling=Cast(field.name, models.TextField()))
    order = [name for name in ('email_verified', 'date_joined') if has(model, name)]
    order = ['-email_verified' if name == 'email_verified' else name for name in order]
    found = found.filter(spelling__regex='[^ -~]|xn--').order_by(*order, 'pk')
    return list(found.values_list('pk', 'spelling'))


def has(model, name):
    return any(field.name == name for field in model._meta.concrete_fields)


def convert_row(apps, model, field, pk, address):
    normal = email_address.normalise(address)
    try:
        email_address.validate(normal)
        with transaction.atomic():
            model.objects.filter(pk=pk).update(**{field.name: normal})
            if model._meta.label == 'accounts.User':
                mirrored = apps.get_model('account', 'EmailAddress').objects
                mirrored.filter(user_id=pk, email=address).update(email=normal)
    except ValidationError:
        return UNDELIVERABLE
    except IntegrityError:
        return CLASH
    return ''


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_second_factor_origin'),
        ('account', '0009_emailaddress_unique_primary_email'),
    ]

    operations = [
        migrations.RunPython(convert, migrations.RunPython.noop, elidable=True),
    ]
