"""Running applications: launching, supervising, restarting and stopping them, warm and standby ones included."""
