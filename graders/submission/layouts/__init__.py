"""How learning platforms arrange a class's submissions, told by the names of files and folders."""

from graders.submission.layouts.detect import detect
from graders.submission.layouts.layout import Hand, Layout, Part
from graders.submission.layouts.view import View, view_folder, view_members

__all__ = ["Hand", "Layout", "Part", "View", "detect", "view_folder", "view_members"]
