"""ai-automation-service: learns a home's routines and proposes them as automations, on the home's own machine."""

from src.box.libraries import limit_libraries

__version__ = "0.1.0"

# Here, because every process of the service imports this before any library that has threads.
limit_libraries()
