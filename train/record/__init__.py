"""The record of a run: its position, networks and steps in; rows, images, alarms and a status out.

Nothing in here changes what is trained.
"""
