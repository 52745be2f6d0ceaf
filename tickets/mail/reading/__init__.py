"""Reading one mail, in a process that knows no settings, no database and no network (reading/child.py).

Nothing in here imports Django: the process starts in a tenth of a second and holds nothing worth stealing.
"""
