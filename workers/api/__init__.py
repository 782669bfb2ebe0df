"""The workers' doors over HTTP."""
