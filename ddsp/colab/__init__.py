"""What notebooks need: players, recording, files in and out, forms and figures."""
