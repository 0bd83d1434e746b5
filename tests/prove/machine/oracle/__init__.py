"""What must hold once the world has come to rest, judged by what the simulators hold and by the story alone."""
