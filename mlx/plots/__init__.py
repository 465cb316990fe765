"""Pictures: plain arrays in, matplotlib Axes out.

Nothing here imports another part of the package, and matplotlib is imported only when a picture is drawn.
"""

from .bars import effect_bars
from .beeswarm import beeswarm
from .tree import tree_diagram
from .waterfall import waterfall

__all__ = ["waterfall", "beeswarm", "effect_bars", "tree_diagram"]
