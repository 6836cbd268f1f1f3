"""The pipeline that joins history, mining and models, and ranks what they give."""
