"""Two systems in one run: the same journal for both, their events and images compared byte by byte.

Beside them stand invariants that neither system computes. A seed and a commit give the same run.
"""
