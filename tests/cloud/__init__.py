"""Services of the cloud, in the tests' own process: gRPC servers that real clients talk to."""
