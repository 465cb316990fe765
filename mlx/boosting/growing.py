r"""Growing makes one tree: count histograms, find splits, part the rows of some nodes, and so on with their children.

Who does what at each step::

    owners of rows            part the rows of each node that is split                (`part_rows`)
    in one place              children, which of two is counted                       (`frontier.add_children`)
    owners of rows            count the rows of the smaller child of each pair        (`count_group`)
    the seam                  histograms of all owners are added                      (`Growth.count`)
    in one place              the larger child is what remains; best splits           (`find_splits`)
                              which nodes are split next                              (`frontier.choose`)

An owner never sees another one's rows: what crosses the seam is histograms, and what comes back is splits. Where one
owner has all rows, and nobody has to be asked between two steps, the steps of a whole tree are one kernel that a team
of threads runs together (`grow_alone`); else they are taken one by one (`Growth.grow_by_steps`).

A step splits the nodes of a level, from left to right, or with ``grow_policy="lossguide"`` a single node. Children get
the next numbers, the two of a node side by side, as in xgboost::

             0                 rows: [ all rows .............................. ]   root
          /     \
        1         2                  [ rows of 1 ....... | rows of 2 ......... ]   after the first step
       / \
      3   4                          [ of 3 ... | of 4 . | .................... ]  after the second one
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..numeric.jit import kernel
from ..numeric.team import new_team, next_task, wait_for_all
from ..tree import Tree
from .binning import bin_table
from .categories import n_words
from .constraints import ColumnRules, below_all_values
from .frontier import (
    FIRST_NEW,
    LEAST_GAIN,
    N_CHOSEN,
    N_NODES,
    N_PAIRS,
    Workspace,
    add_children,
    choose,
    has_room,
    may_go_on,
    pair_and_group,
    plant,
)
from .grown_tree import GrownNodes, trees_of_nodes
from .growth_settings import GrowthSettings
from .histogram import clear_group, count_group, decide_lists
from .nodes import copy_of_first
from .partitioning import add_values, leave_children, part_rows
from .row_owner import RowOwner, Run
from .sampling import ColumnSampler, Sampling
from .searching import find_splits, is_too_light
from .splitting import Rules

__all__ = ["LEAST_GAIN", "Growth", "GrowthSettings", "HistGrower"]

# In place of margins to which nothing is added.
NO_MARGIN = np.empty(0, dtype=np.float32)

# Columns of a pair of nodes that one task looks through.
COLUMNS_PER_TASK = 8


class HistGrower:
    """The tree method 'hist', a `Grower`: columns are cut into bins once, before the first tree.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, n_features), C-contiguous
    sample_weight : ndarray of float32, shape (n_samples,), or None
        Weights of the rows in the quantiles of the columns.
    settings : GrowthSettings
    sampling : Sampling
        Of which the columns are drawn.
    max_bin : int
    cuts : {'exact', 'xgboost'}
        How columns are cut, see `binning.bin_table`.
    run, n_threads
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`, and the number of threads behind it.
    """

    owner_of: ClassVar[type[RowOwner]] = RowOwner

    # Whether all trees ask about the same bins.
    cuts_once: ClassVar[bool] = True

    def __init__(
        self,
        X: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None,
        settings: GrowthSettings,
        sampling: Sampling,
        *,
        max_bin: int,
        cuts: str,
        run: Run,
        n_threads: int,
    ) -> None:
        self.settings = settings._replace(lowest=below_all_values(X)) if len(settings.direction) else settings
        self.sampling, self._run, self._n_threads = sampling, run, n_threads
        self.use_table(bin_table(X, sample_weight, max_bin, n_threads, run, cuts, settings.categories.is_category))

    def use_table(self, table: Any) -> None:
        """Ask about the bins of this table from now on: the same rows, maybe other cuts."""
        self.table = table
        self._owner = self.owner_of(table, self._run, self._n_threads)
        words = n_words(table.n_bins, self.settings.categories.is_category)
        self._workspace = Workspace(int(table.start[-1]), table.n_features, words)
        self._growth: Growth | None = None

    def grow(self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None) -> Tree:
        """Grow one tree, see `Grower`."""
        return trees_of_nodes([self.grow_nodes(gradients, number, margin)])[0]

    def grow_nodes(
        self, gradients: NDArray[np.floating], number: int, margin: NDArray[np.float32] | None = None
    ) -> GrownNodes:
        """Grow one tree, and leave it to the caller to make it of its nodes."""
        columns = self.sampling.columns_of(number, self.table.n_features)
        if self._growth is None or self._growth.settings is not self.settings:
            self._growth = Growth([self._owner], self._workspace, self.settings, self._run, self._n_threads)
        return self._growth.tree([gradients], columns, None if margin is None else [margin])

    def add_values(self, tree: Tree, margin: NDArray[np.float32]) -> None:
        """Add the values of the leaves to the margins of their rows, see `Grower`."""
        self._owner.add_values(tree.value, self._workspace.nodes, margin)

    def rows_of(self, leaf: int | np.integer) -> NDArray[np.int32]:
        """Numbers of the rows in a leaf."""
        return self._owner.rows_of(leaf, self._workspace.nodes)


class Growth:
    """Trees that owners of rows grow together, one after the other.

    Parameters
    ----------
    owners : sequence of RowOwner
        They keep which rows are in which leaf until the next tree is started.
    workspace : Workspace
    settings : GrowthSettings
    run : callable
        ``run(function, tasks)`` of `mlx.numeric.threads.thread_team`.
    n_threads : int
        Number of threads behind `run`.
    """

    def __init__(
        self, owners: Sequence[RowOwner], workspace: Workspace, settings: GrowthSettings, run: Run, n_threads: int
    ) -> None:
        self.owners, self.workspace, self.settings = owners, workspace, settings
        self.run, self.n_threads, self.team = run, n_threads, new_team(n_threads)
        self.table = owners[0].table
        categories = settings.categories if len(settings.categories.is_category) else None
        self.scans = workspace.scans(n_threads, self.table.n_bins, categories is not None)
        self.columns = self._all_columns = ColumnRules(self.table.n_features, (), None)
        shared = (settings.penalty, settings.gamma, settings.max_depth, settings.max_leaves, settings.best_first)
        allowed = self._all_columns.allowed(range(1), 0)
        self.rules = self._rules_of_all = Rules(*shared, settings.direction, allowed, categories)

    def tree(
        self,
        gradients: Sequence[NDArray[np.floating]],
        sampler: ColumnSampler | None = None,
        margins: Sequence[NDArray[np.float32]] | None = None,
    ) -> GrownNodes:
        """Grow one tree.

        Parameters
        ----------
        gradients : sequence of ndarray of float32 or float64, shape (n_samples_of_owner, 2)
            Gradient and Hessian of each row of each owner.
        sampler : ColumnSampler, optional
            Columns that each node may ask about; by default all.
        margins : sequence of ndarray of float32, shape (n_samples_of_owner,), optional
            Margins of each owner's rows, to which the values of the tree are added.

        Returns
        -------
        GrownNodes
            Nodes of the tree.
        """
        self.begin(gradients, sampler)
        if len(self.owners) == 1 and self.owners[0].grows_alone and self.columns.same_for_all:
            self.grow_at_once(NO_MARGIN if margins is None else margins[0])
            return self.grown()
        self.grow_by_steps()
        grown = self.grown()
        for owner, margin in zip(self.owners, margins or ()):
            owner.add_values(grown.nodes.facts["weight"] * self.settings.learning_rate, self.workspace.nodes, margin)
        return grown

    def begin(self, gradients: Sequence[NDArray[np.floating]], sampler: ColumnSampler | None = None) -> None:
        """Start a tree, which is a root with all rows."""
        for owner, own_gradients in zip(self.owners, gradients):
            owner.start(own_gradients)
        self.columns, self.rules = self._all_columns, self._rules_of_all
        if sampler is not None or self.settings.interactions:
            self.columns = ColumnRules(self.table.n_features, self.settings.interactions, sampler)
            self.rules = self.rules._replace(allowed=self.columns.allowed(range(1), 0))
        self.workspace.clear()

    def grow_at_once(self, margin: NDArray[np.float32] = NO_MARGIN) -> None:
        """All steps in one kernel, for one owner; it comes back where more room is needed."""
        is_new, owner, counts = True, self.owners[0], self.workspace.frontier.counts
        while is_new or counts[N_CHOSEN] > 0:
            w = self.make_room()
            tree = (self.table, owner.parted, w.nodes, w.pool, w.occupied, w.candidates, self.rules, w.frontier)
            answers = (self.settings.learning_rate, margin, w.values)
            self.run(
                lambda thread, is_new=is_new, shared=(*tree, *answers): grow_alone(
                    thread, self.n_threads, self.team, is_new, *shared, self.scans[thread], owner.scratch[thread]
                ),
                range(self.n_threads),
            )
            is_new = False

    def grow_by_steps(self) -> None:
        """Step by step, with the seam between owners, and with the columns that each node may ask about."""
        counts = self.workspace.frontier.counts
        self.count(np.zeros(1, dtype=np.int64))
        plant(self.table, self.workspace.nodes, self.workspace.pool, self.rules)
        self.find()
        while counts[N_CHOSEN] > 0:
            w = self.make_room()
            chosen, first_new = w.frontier.chosen[: counts[N_CHOSEN]].copy(), int(counts[N_NODES])
            new = slice(first_new, first_new + 2 * len(chosen))
            move_gradients = may_go_on(w.nodes, self.rules, w.frontier)
            for owner in self.owners:
                owner.split(chosen, w.nodes, first_new, move_gradients)
            self.columns.split(chosen, w.nodes.facts["feature"][chosen])
            w.nodes.facts["n_rows"][new] = sum(owner.n_rows(new) for owner in self.owners)
            add_children(w.nodes, self.rules, w.frontier)
            if counts[N_PAIRS]:
                allowed = self.columns.allowed(range(new.start, new.stop), int(w.nodes.facts["depth"][first_new]))
                self.rules = self.rules._replace(allowed=allowed)
                self.count(w.frontier.pairs[: counts[N_PAIRS], 0])
            self.find()

    def make_room(self) -> Workspace:
        """The workspace, with room for the next step."""
        self.workspace.reserve(int(self.workspace.frontier.counts[N_CHOSEN]))
        for owner in self.owners:
            owner.reserve(len(self.workspace.nodes.facts))
        return self.workspace

    def count(self, nodes: NDArray[np.int64]) -> None:
        """Histograms of some nodes: the seam, at which those of several owners are added."""
        slots, pool = self.workspace.nodes.facts["slot"][nodes], self.workspace.pool
        self.owners[0].count(nodes, slots, pool)
        for owner in self.owners[1:]:
            own = np.empty((len(nodes), *pool.shape[1:]))
            owner.count(nodes, np.arange(len(nodes)), own)
            pool[slots] += own

    def find(self) -> None:
        """Splits of the children that have been counted, and the nodes that are split next."""
        w = self.workspace
        found = (self.table, w.nodes, w.pool, w.occupied, w.candidates, self.rules, w.frontier)
        columns, scans = np.arange(self.table.n_features), self.scans
        self.run(
            lambda thread: find_and_choose(thread, self.n_threads, self.team, *found, scans[thread], columns),
            range(self.n_threads),
        )

    def grown(self) -> GrownNodes:
        """The tree, which is done."""
        nodes = copy_of_first(self.workspace.nodes, self.workspace.frontier.counts[N_NODES])
        return GrownNodes(nodes, self.table, self.settings)


@kernel
def grow_alone(
    thread,
    n_threads,
    team,
    is_new,
    table,
    parted,
    nodes,
    pool,
    occupied,
    candidates,
    rules,
    frontier,
    learning_rate,
    margin,
    values,
    scan,
    scratch,
):
    """Grow a tree whose rows have one owner, until no node is worth a split or there is no room; a team's kernel.

    A tree that is done adds its values to `margin`, if there is one.
    """
    counts, n_groups, has_chosen = frontier.counts, len(table.codes), not is_new
    if is_new:
        group = next_task(thread, n_threads, team, n_groups)
        while group < n_groups:
            clear_group(group, occupied[0], table, pool[0])
            count_group(group, counts[FIRST_NEW], table, parted, pool[0], scratch.shared)
            group = next_task(thread, n_threads, team, n_groups)
        wait_for_all(team, n_threads)
        if thread == 0:
            plant(table, nodes, pool, rules)
        wait_for_all(team, n_threads)
    while True:
        if not has_chosen:
            # A pair and a group of columns at a time: what has just been counted is still in the cache.
            n_pairs = counts[N_PAIRS]
            task = next_task(thread, n_threads, team, n_pairs * n_groups)
            while task < n_pairs * n_groups:
                place, group = pair_and_group(task, n_pairs, n_groups, n_threads)
                pair = frontier.pairs[place]
                counted, sibling = nodes.facts[pair[0]], nodes.facts[pair[1]]
                # A root, which has no sibling, has been counted.
                if pair[1] >= 0 and not (is_too_light(counted, rules.penalty) and is_too_light(sibling, rules.penalty)):
                    clear_group(group, occupied[sibling.slot], table, pool[counted.slot])
                    count_group(group, pair[0], table, parted, pool[counted.slot], scratch.shared)
                columns = table.members[table.groups[group, 0] : table.groups[group + 1, 0]]
                first = counts[FIRST_NEW]
                find_splits(columns, pair[0], pair[1], pool, occupied, first, nodes, table, rules, scan, candidates)
                task = next_task(thread, n_threads, team, n_pairs * n_groups)
            wait_for_all(team, n_threads)
            if thread == 0:
                choose(table, nodes, pool, candidates, rules, frontier, scan)
            wait_for_all(team, n_threads)
        if counts[N_CHOSEN] == 0 or not has_room(nodes, pool, candidates, rules, frontier):
            break
        part_chosen(thread, n_threads, team, table, parted, nodes, rules, frontier, scratch.answers)
        has_chosen = False
    if counts[N_CHOSEN] == 0 and len(margin) > 0:
        if thread == 0:
            write_values(nodes, learning_rate, values[: counts[N_NODES]])
        wait_for_all(team, n_threads)
        add_values(thread, n_threads, team, table, parted, nodes, values[: counts[N_NODES]], margin, scratch)


@kernel
def write_values(nodes, learning_rate, values):
    """Write what each node would add to the margins as a leaf."""
    for node in range(len(values)):
        values[node] = nodes.facts[node].weight * learning_rate


@kernel
def part_chosen(thread, n_threads, team, table, parted, nodes, rules, frontier, answers):
    """Part the rows of the chosen nodes, and write their children; a team's kernel."""
    n_chosen, first_new = frontier.counts[N_CHOSEN], frontier.counts[N_NODES]
    goes_on = may_go_on(nodes, rules, frontier)
    if goes_on:
        chosen = frontier.chosen
        part_rows(thread, n_threads, team, table, parted, chosen, n_chosen, nodes, first_new, goes_on, answers)
    else:
        wait_for_all(team, n_threads)  # until all have read the counts
    if thread == 0:
        if goes_on:
            for child in range(first_new, first_new + 2 * n_chosen):
                nodes.facts[child].n_rows = parted.segments[child, 1] - parted.segments[child, 0]
        else:
            leave_children(frontier.chosen, n_chosen, first_new, parted)
        add_children(nodes, rules, frontier)
        if goes_on and rules.categories is None:
            decide_lists(frontier.chosen, n_chosen, first_new, table, parted, nodes)
    wait_for_all(team, n_threads)


@kernel
def find_and_choose(
    thread, n_threads, team, table, nodes, pool, occupied, candidates, rules, frontier, scan, every_column
):
    """Best splits of the children that have been counted, and which nodes are next; a team's kernel."""
    counts, n_features = frontier.counts, len(table.n_bins)
    n_shares = -(-n_features // COLUMNS_PER_TASK)
    n_tasks = counts[N_PAIRS] * n_shares
    task = next_task(thread, n_threads, team, n_tasks)
    while task < n_tasks:
        pair, first = frontier.pairs[task // n_shares], task % n_shares * COLUMNS_PER_TASK
        columns = every_column[first : first + COLUMNS_PER_TASK]
        first_new = counts[FIRST_NEW]
        find_splits(columns, pair[0], pair[1], pool, occupied, first_new, nodes, table, rules, scan, candidates)
        task = next_task(thread, n_threads, team, n_tasks)
    wait_for_all(team, n_threads)
    if thread == 0:
        choose(table, nodes, pool, candidates, rules, frontier, scan)
    wait_for_all(team, n_threads)
