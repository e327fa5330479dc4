"""Looks at folders: what lies there is read, judged, and handed to the exchange or recorded.

`folder` looks at one folder, `hold` at the one where new mail waits; `reading` fetches and `unread` notes what cannot
be. `finish` goes on with what was under way, `sweep` looks at past mail, `restore` puts an original back, `release` lets
held mail go, `overdue` does so when nothing else works, `emptying` lets old originals go, `retention` old records,
`header_views` fills in what a page shows of a tracked mail.
"""
