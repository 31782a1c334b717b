"""Makes calendars.json: what XNYS closes and shortens, by exchange_calendars, and when New York moves its clocks, by the tz database.

Run: python calendars.py > calendars.json
"""
import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import pandas as pd

FIRST, LAST = date(1970, 1, 1), date(2027, 12, 31)

schedule = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST).schedule
minutes = (schedule["close"] - schedule["open"]).dt.total_seconds() // 60
short = minutes[minutes < 390]

zone, moves, before = ZoneInfo("America/New_York"), [], None
for day in (FIRST + timedelta(n) for n in range((date(2037, 12, 31) - FIRST).days)):
    offset = -int(datetime(day.year, day.month, day.day, 12, tzinfo=zone).utcoffset().total_seconds() // 60)
    if offset != before:
        moves.append([str(day), offset])
    before = offset

print(json.dumps({
    "first": str(FIRST),
    "last": str(LAST),
    "closed": [str(d.date()) for d in pd.bdate_range(FIRST, LAST).difference(schedule.index)],
    "short": [[str(d.date()), int(m)] for d, m in short.items()],
    "moves": moves,
}))
