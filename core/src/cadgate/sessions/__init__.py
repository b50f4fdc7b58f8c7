"""Running applications: how they are launched, watched, restarted, spared and stopped."""
