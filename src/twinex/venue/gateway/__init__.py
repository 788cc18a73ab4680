"""Members' sessions: SoupBinTCP over TCP around the core (`spec/session.md`).

door.py       strangers: connections, login requests, passwords (threads of their own)
users.py      who may log in
gateway.py    the wiring, and what is rare
loop.py       the compiled turn: receive, sequence, commit, index, send
sessions.py   packets of one session in and out, compiled
streams.py    which event belongs to which stream, compiled
calls.py      the system calls of compiled code
soup.py       packets in plain Python
"""
