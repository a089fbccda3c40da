# Django loads this package first; shared tasks find the Celery application through it.
from shoppingplace.celery import app as celery_app

__all__ = ["celery_app"]
