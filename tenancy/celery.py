"""For Celery tasks that work for one tenant. The sweeper and the deliverer look after all of them and open their own units."""

from typing import Any

from celery import Task

from tenancy.context import Context, ContextError, work_unit


class TenantTask(Task):
    """Every call says for whom (`ctx`); run() executes in one unit of work under it."""

    abstract = True
    typing = False  # ctx is not part of run()'s signature; checked below instead

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        kwargs = dict(kwargs or {})
        ctx = kwargs.pop("ctx", None)
        if ctx is None:
            raise ContextError(f"{self.name}: pass ctx=Context(...)")
        self.__header__(*(args or ()), **kwargs)
        kwargs["ctx"] = ctx.as_dict() if isinstance(ctx, Context) else ctx
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args: Any, ctx: Any = None, **kwargs: Any) -> Any:
        if ctx is None:
            raise ContextError(f"{self.name}: called without ctx")
        with work_unit(ctx if isinstance(ctx, Context) else Context(**ctx)):
            return super().__call__(*args, **kwargs)
