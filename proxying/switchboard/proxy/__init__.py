"""Proxy's REST API, version 1: https://www.twilio.com/docs/proxy/api"""
