"""The platforms' doors over HTTP."""
