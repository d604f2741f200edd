"""Does the published configuration learn? One training of its status-balanced CNN.

Network, image, augmentation, optimiser and epochs are those of
config/paper_network.yaml: full width, CT alone, brightness 0.5 to 1.5, Adam at 1e-4, 50
epochs. The nodes are those of a cohort of the demonstration's size (``drawn_cohorts``),
of which about 684 train, as 732 did in the paper; two more cohorts are held out.
History with the AUC of the nodes held out, card and summary are written to a folder:

    python benchmarks/published_training.py --room /tmp/room

The training takes about an hour of two cores. One that was ended goes on where it was,
if the room is kept.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from drawn_cohorts import drawn_cohort, drawn_test_set, source_of, training_set
from synthetic_inputs import configuration, recipe

from nodal_staging.classifiers.cnn.backend import instructions, use_device, versions
from nodal_staging.classifiers.cnn.fitting import HeldOut, Trainer, predict
from nodal_staging.classifiers.cnn.recipes import Recipe
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import clustered_auc

TEST_SEEDS = (900, 901)
CNN = "status_balanced"
PLACE = Path(__file__).parents[1] / "docs" / "evidence" / "published_training"


def main() -> None:
    """Train, test, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--room", type=Path, required=True, help="folder to keep")
    parser.add_argument("--seed", type=int, default=21, help="of the cohort")
    parser.add_argument("--output", type=Path, default=PLACE)
    given = parser.parse_args()
    phantom, paper = configuration(), configuration("paper_network")
    how = recipe(paper, CNN, given.seed)
    use_device(gpu=False, intra_op_threads=how.intra_op_threads)
    cohort = drawn_cohort(phantom, 1, given.seed, given.room)
    training = training_set(phantom, cohort, CNN, given.seed)
    tests = [drawn_test_set(phantom, seed, given.room) for seed in TEST_SEEDS]
    tested = pd.concat([nodes for _, nodes in tests])
    positive = (tested["status"] == "positive").to_numpy()
    images = [source_of(one, nodes, how.image).plain() for one, nodes in tests]
    held_out = HeldOut(np.concatenate(images), positive)
    trainer = Trainer(how)
    history = trainer.fit(
        training,
        source_of(cohort, training, how.image),
        name="all",
        checkpoint=given.room / f"published_{given.seed}.h5",
        held_out=held_out,
    )
    score = predict(trainer.model, held_out.images)
    area = clustered_auc(score, positive, tested["patient_id"].to_numpy(str))
    lower, upper = logit_interval(area, level=0.95)
    given.output.mkdir(parents=True, exist_ok=True)
    history.round(5).to_csv(given.output / "history.tsv", sep="\t", index=False)
    scores = tested[["node_id", "patient_id", "location", "status"]]
    scores = scores.assign(score=np.round(score, 6))
    scores.to_csv(given.output / "scores.csv", index=False)
    card = _card(how, len(training), given.seed)
    card |= {"parameters": trainer.model.count_params(), "auc": area.estimate}
    card |= {"auc_lower": lower, "auc_upper": upper}
    text = json.dumps(card, indent=2, sort_keys=True)
    (given.output / "card.json").write_text(text + "\n")
    print(text)


def _card(how: Recipe, nodes: int, seed: int) -> dict[str, Any]:
    """Describe the training."""
    return {
        "convolutions": list(how.network.convolutions),
        "first_width": how.network.first_width,
        "dense_widths": list(how.network.dense_widths),
        "channels": how.image.channels,
        "brightness": list(how.ranges.brightness),
        "learning_rate": how.optimizer["learning_rate"],
        "schedule": how.schedule,
        "epochs": how.epochs,
        "batch_size": how.batch_size,
        "training_nodes": nodes,
        "cohort_seed": seed,
        "test_seeds": list(TEST_SEEDS),
        "cpu_instructions": instructions(),
        **versions(),
    }


if __name__ == "__main__":
    main()
