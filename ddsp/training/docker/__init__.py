"""What runs inside a container of a managed training service."""
