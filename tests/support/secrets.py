"""Values that must not appear in logs and messages. No port, date or number contains them by chance."""

from __future__ import annotations

CONF_MARK = "conf-Zq7vK2xWt9LmRb4HsYd8NcPf"
OTHER_MARK = "conf-Gd3wTe6JuXn5VaQk9BhMyLr2"
NUMBER_MARK = 8_364_719_250_837_461
MARKS = (CONF_MARK, OTHER_MARK, str(NUMBER_MARK))
