"""The stage "evaluate": pictures painted and looked at, what was found, the model card."""
