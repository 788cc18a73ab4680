"""Members' sessions: SoupBinTCP over TCP around the core (`spec/session.md`).

door.py       strangers: connections, login requests, passwords (threads of their own)
failures.py   failed logins by address
users.py      who may log in
gateway.py    the wiring, and what is rare
seats.py      sessions begin and end
loop.py       the compiled turn: receive, sequence, commit, index, send
rows.py       the rows of sessions and their buffers
sessions.py   packets of one session in and out, compiled
streams.py    which event belongs to which stream, compiled
calls.py      the system calls of compiled code
soup.py       packets in plain Python
"""
