"""A stateful, faithful server of SugarCRM REST v11; what it does and why is listed in ``FACTS.md``."""

from tests.simulators.sugar.errors import SugarError, error_reply
from tests.simulators.sugar.fields import FieldDef
from tests.simulators.sugar.simulator import SugarSimulator
from tests.simulators.sugar.state import Hooks, User
from tests.simulators.sugar.switches import Switches

__all__ = ["FieldDef", "Hooks", "SugarError", "SugarSimulator", "Switches", "User", "error_reply"]
