"""The class list: read it from what a platform exports, and find whose each submission is."""

from graders.roster.enrol import Enrolled, enrol
from graders.roster.people import Person, Roster, read_roster

__all__ = ["Enrolled", "Person", "Roster", "enrol", "read_roster"]
