"""A model's graphs asked: texts in; vectors, scores and labels out."""
