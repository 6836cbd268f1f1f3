"""ai-automation-service: learns a home's routines and proposes them as automations, on the home's own machine."""

__version__ = "0.1.0"
