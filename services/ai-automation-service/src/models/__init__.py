"""Text in: vectors, scores, labels. Knows no pattern, no history and no HTTP."""
