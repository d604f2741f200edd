"""The package of the study: one room a noun."""

import os

# TensorFlow leaves oneDNN off on some processors, where the way back through deep
# layers takes ten times as long. It changes bits, so it is not left to chance, and
# TensorFlow reads it when it is imported, by whichever module comes first.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
# Keras reads the precision of its arithmetic from a file in the user's home folder when
# it is imported. This folder cannot contain one.
os.environ["KERAS_HOME"] = os.devnull
