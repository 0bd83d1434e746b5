"""The fields of Contacts in this dialect, beside those that the state stores."""

from __future__ import annotations

from tests.simulators.sugar.fields import FieldDef

FIELDS: dict[str, FieldDef] = {
    each.name: each
    for each in (
        FieldDef("email1", "varchar", None, source="non-db"),
        FieldDef("email2", "varchar", None, source="non-db"),
        FieldDef("account_name", "relate", 255, source="non-db"),
        FieldDef("account_id", "relate", None, source="non-db"),
        FieldDef("modified_by_name", "relate", None, readonly=True, source="non-db"),
        FieldDef("created_by_name", "relate", None, readonly=True, source="non-db"),
        FieldDef("assigned_user_name", "relate", None, readonly=True, source="non-db"),
        FieldDef("sync_contact", "bool", source="non-db"),
    )
}
"""What a record has besides its table's columns."""

GONE = ("sync_key", "portal_password")
"""Columns of the shared state that this dialect does not have."""

LINKS = {
    "accounts": ("accounts_contacts", "", ""),
    "email_addresses": ("contacts_email_addresses", "EmailAddress", "EmailAddress"),
    "user_sync": ("contacts_users", "", ""),
    "assigned_user_link": ("contacts_assigned_user", "Users", "User"),
    "created_by_link": ("contacts_created_by", "Users", "User"),
    "modified_user_link": ("contacts_modified_user", "Users", "User"),
}
"""Relationship, module and bean by link."""

MODULES = ("Home", "Accounts", "Contacts", "Opportunities", "Leads", "Calls", "Meetings", "Tasks", "Notes", "Cases")
"""The modules that are listed as available."""

HIDDEN_MODULES = ("Users", "EmailAddresses", "Emails", "Favorites")
"""Modules that exist without being listed."""
