"""Differentiable digital signal processing."""
