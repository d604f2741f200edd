"""The scanner of the synthetic cohort: patients, and their CT and PET."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging.phantom.body import body_height_mm
from nodal_staging.phantom.ct import Grid, render_ct
from nodal_staging.phantom.habitus import Habitus, draw_habitus
from nodal_staging.phantom.node import Node
from nodal_staging.phantom.pet import render_pet
from nodal_staging.phantom.placing import place_node, place_nodes
from nodal_staging.study.arrays import Float32Array, FloatArray, Int16Array, UInt16Array

LOW_DOSE_MAS, FULL_DOSE_MAS = 20, 120
POOR_NOISE = 2.5
"""Noise of an exam of poor quality, relative to the others."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A body, and the nodes at their places in it."""

    habitus: Habitus
    nodes: list[Node]


@dataclass(frozen=True, slots=True)
class Scanner:
    """Body, scans and segmentations; sections of the configuration of the phantom."""

    body: dict[str, float]
    ct: dict[str, Any]
    pet: dict[str, float]
    segmentation: dict[str, float]

    def ct_grid(self, factor: int = 1) -> Grid:
        """Return the sampling of the CT, slices ``factor`` times as thick."""
        return self._grid(self.ct["pixel_mm"], self.ct["slice_mm"] * factor)

    def pet_grid(self) -> Grid:
        """Return the sampling of the PET."""
        return self._grid(self.pet["voxel_mm"], self.pet["voxel_mm"])

    def noise_hu(self, fate: str) -> float:
        """Return the noise of an exam, which grows as the dose falls."""
        loss = {"low_dose": np.sqrt(FULL_DOSE_MAS / LOW_DOSE_MAS), "poor": POOR_NOISE}
        return float(self.ct["noise_hu"] * loss.get(fate, 1.0))

    def _grid(self, pixel_mm: float, slice_mm: float) -> Grid:
        height_mm = body_height_mm(self.body["region_height_mm"])
        width_mm, depth_mm = self.ct["field_mm"]
        return Grid(width_mm, depth_mm, height_mm, pixel_mm, slice_mm)

    def draw_patient(
        self, nodes: pd.DataFrame, *, contrast: bool, rng: np.random.Generator
    ) -> Patient:
        """Draw a body and put nodes in it.

        Parameters
        ----------
        nodes
            Location and latents of each.
        contrast
            Whether vessels are enhanced.
        rng
            The exam's stream.
        """
        habitus, height = self._habitus(contrast, rng), self.body["region_height_mm"]
        return Patient(habitus, place_nodes(nodes, habitus, height, rng=rng))

    def place_patient(
        self,
        shaped: list[Node],
        locations: list[str],
        *,
        contrast: bool,
        rng: np.random.Generator,
    ) -> Patient:
        """Draw a body and put nodes in it that have their shapes already.

        Parameters
        ----------
        shaped, locations
            The nodes, and where each of them lies.
        contrast, rng
            As for ``draw_patient``.
        """
        habitus, height = self._habitus(contrast, rng), self.body["region_height_mm"]
        placed: list[Node] = []
        for node, location in zip(shaped, locations, strict=True):
            placed.append(place_node(node, location, placed, habitus, height, rng=rng))
        return Patient(habitus, placed)

    def _habitus(self, contrast: bool, rng: np.random.Generator) -> Habitus:
        body = self.body
        return draw_habitus(
            body["width_mm"], body["depth_mm"], contrast=contrast, rng=rng
        )

    def scan_ct(
        self,
        patient: Patient,
        grid: Grid,
        *,
        noise_hu: float,
        rng: np.random.Generator,
    ) -> tuple[Int16Array, UInt16Array]:
        """Return HU and labels ``(z, y, x)`` of a patient on a grid."""
        return render_ct(
            grid,
            patient.habitus,
            patient.nodes,
            region_height_mm=self.body["region_height_mm"],
            blur_mm=self.ct["blur_mm"],
            noise_hu=noise_hu,
            rng=rng,
        )

    def scan_pet(
        self,
        patient: Patient,
        ct_grid: Grid,
        hu: Int16Array,
        peaks_suv: FloatArray,
        *,
        rng: np.random.Generator,
    ) -> Float32Array:
        """Return the SUV ``(z, y, x)`` of a patient, tissues taken from the CT."""
        return render_pet(
            self.pet_grid(),
            ct_grid,
            hu,
            patient.habitus,
            patient.nodes,
            peaks_suv,
            region_height_mm=self.body["region_height_mm"],
            rng=rng,
        )
