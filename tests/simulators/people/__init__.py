"""A stateful, faithful People API with Google's OAuth, served by ``tests.simulators.wire``.

``FACTS.md`` says which fact each behaviour comes from; :class:`Switches` holds what is not confirmed.
"""

from tests.simulators.people.account import Account
from tests.simulators.people.oauth import CONTACTS_SCOPE, Consent
from tests.simulators.people.quota import Quota
from tests.simulators.people.simulator import PeopleSimulator
from tests.simulators.people.switches import Switches

__all__ = ["CONTACTS_SCOPE", "Account", "Consent", "PeopleSimulator", "Quota", "Switches"]
