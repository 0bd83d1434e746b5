"""A stateful, faithful server of the older dialect, ``service/v4_1/rest.php``, as listed in ``FACTS.md``."""

from tests.simulators.suitecrm.errors import error_reply
from tests.simulators.suitecrm.simulator import SuiteSimulator
from tests.simulators.suitecrm.switches import Switches

__all__ = ["SuiteSimulator", "Switches", "error_reply"]
