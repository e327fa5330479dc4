"""Looks at folders: what lies there is read, judged, and handed to the exchange or recorded.

A `look` reads and judges the mail of one open `folder`; what becomes of it a `policy` says: `in_place` for what lies
where people read it, `held` for what waits in the screening folder, which `hold` looks at. `reading` fetches, `judges`
judge, `exchanges` gather what is exchanged, `unread` notes what cannot be read.

`finish` goes on with what was under way, `sweep` looks at past mail, `restore` puts an original back, `release` lets
held mail go, `overdue` does so when nothing else works, `emptying` lets old originals go, `retention` old records,
`header_views` fills in what a page shows of a tracked mail.
"""
