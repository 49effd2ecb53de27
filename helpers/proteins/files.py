"""Backbones in files: PDB files of your own as chains of angles, and chains as PDB files for a viewer.

The format is the PDB's, with its fixed columns (wwPDB, "Atomic Coordinate Entry Format", version 3.3).
"""

import numpy as np

from helpers.errors import InputError, check_array, check_path, quoted
from helpers.machine.disk import write_text
from helpers.proteins.backbones import build, torsions
from helpers.proteins.model import LENGTH

ATOMS = ("N", "CA", "C")
BREAK = 1.8  # Å from C to the next N; a longer bond is none, and the chain ends there


def read_backbones(folder):
    """All chains of 64 residues or more in a folder's PDB files: {"file:chain:first residue": angles (n, 3)}.

    Angles are phi, psi and omega in degrees, as `load_chains` gives them. The first and last residue of each
    chain are left out, as they have no phi or no psi. Of several models the first counts, of alternative
    positions the first. Raises InputError where there is no file, or no chain that is long enough.
    """
    folder = check_path(folder)
    files = sorted(f for f in folder.glob("*") if f.suffix.lower() in (".pdb", ".ent") and f.is_file())
    if not files:
        raise InputError(
            f"No PDB file is in {quoted(folder.name)}: put files that end in .pdb or .ent there."
        )
    chains, longest = {}, 0
    for file in files:
        for name, atoms in _pieces(file):
            longest = max(longest, len(atoms) - 2)
            if len(atoms) - 2 >= LENGTH:
                chains[f"{file.stem}:{name}"] = _angles(atoms)
    if not chains:
        raise InputError(
            f"The longest unbroken chain in {quoted(folder.name)} has {longest} residues with both "
            f"neighbours, and {LENGTH} are needed: add larger proteins."
        )
    return chains


def write_backbone(angles, file):
    """Write one chain, angles (n, 3) in degrees, as a PDB file of glycines, which have no side chain.

    Raises DiskError where it can't be written.
    """
    angles, file, lines = check_array(angles, "The angles", "n, 3"), check_path(file, "A file"), []
    for number, residue in enumerate(build([angles])[0], 1):
        for name, (x, y, z) in zip(ATOMS, residue):
            lines.append(
                f"ATOM  {len(lines) + 1:5}  {name:3} GLY A{number:4}    {x:8.3f}{y:8.3f}{z:8.3f}"
                f"  1.00  0.00           {name[0]}  "
            )
    write_text(file, "\n".join([*lines, "TER", "END", ""]))


def _pieces(file):
    """The unbroken pieces of each chain: ("chain:first residue", atoms (n, 3, 3))."""
    pieces = []
    for chain, residues in _residues(file).items():
        piece, last = [], None
        for number, found in [*residues.items(), (None, {})]:
            whole = all(name in found for name in ATOMS)
            near = last is not None and whole and np.linalg.norm(found["N"] - last) < BREAK
            if piece and not near:
                pieces.append(
                    (f"{chain}:{piece[min(1, len(piece) - 1)][0]}", np.array([atoms for _, atoms in piece]))
                )
                piece = []
            if whole:
                piece.append((number, [found[name] for name in ATOMS]))
            last = found["C"] if whole else None
    return pieces


def _residues(file):
    """{chain: {residue number: {atom: position}}} of a file's first model."""
    found = {}
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("ENDMDL"):
            break
        modified = line.startswith("HETATM") and line[17:20] == "MSE"  # selenium in place of sulphur
        if not (line.startswith("ATOM  ") or modified) or line[12:16].strip() not in ATOMS:
            continue
        try:
            position = np.array([float(line[at : at + 8]) for at in (30, 38, 46)])
        except ValueError as error:
            raise InputError(
                f"{quoted(file.name)} has an atom without a position: save it as a PDB file again."
            ) from error
        atoms = found.setdefault(line[21].strip() or "_", {}).setdefault(line[22:27].strip(), {})
        atoms.setdefault(line[12:16].strip(), position)
    return found


def _angles(atoms):
    """Atoms (n, 3, 3) as angles (n - 2, 3): psi, omega, phi follow one another along the chain."""
    found = torsions(atoms.reshape(-1, 3))
    phi, psi, omega = found[2::3], found[0::3], found[1::3]
    return np.stack([phi[:-1], psi[1:], omega[1:]], axis=1).astype(np.float32)
