"""orders.py: the service of orders as a user of FastAPI and SQLAlchemy would write it. Served by uvicorn, with two workers."""

import os
import secrets
from datetime import datetime, timezone
from enum import Enum
from typing import Optional

from fastapi import Depends, FastAPI, HTTPException, Query, Security
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, Column, DateTime, Text, func, literal_column, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker

CURRENCIES = "AUD|CAD|CHF|DKK|EUR|GBP|ISK|JPY|NOK|SEK|USD"
KEY = os.environ["API_KEY"]

engine = create_async_engine("postgresql+asyncpg://", pool_size=8, max_overflow=0)
Session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
api_key = APIKeyHeader(name="X-API-Key", auto_error=False)


class Row(declarative_base()):
    __tablename__ = "plain_orders"
    __mapper_args__ = {"eager_defaults": True}

    id = Column(BigInteger, primary_key=True)
    order_id = Column(Text, unique=True)
    customer_id = Column(Text)
    order_date = Column(DateTime(timezone=True))
    total_amount = Column(BigInteger)
    currency = Column(Text)
    status = Column(Text)
    created_at = Column(DateTime(timezone=True), server_default=func.now())
    updated_at = Column(DateTime(timezone=True), server_default=func.now())


class Status(str, Enum):
    pending = "pending"
    confirmed = "confirmed"
    processing = "processing"
    shipped = "shipped"
    delivered = "delivered"
    completed = "completed"
    cancelled = "cancelled"


class NewOrder(BaseModel):
    order_id: str = Field(min_length=1, max_length=255)
    customer_id: str = Field(min_length=1, max_length=255)
    order_date: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))
    total_amount: int = Field(gt=0)
    currency: str = Field(regex=f"^({CURRENCIES})$")
    status: Status = Status.pending


class Change(BaseModel):
    customer_id: Optional[str] = Field(None, min_length=1, max_length=255)
    order_date: Optional[datetime] = None
    total_amount: Optional[int] = Field(None, gt=0)
    currency: Optional[str] = Field(None, regex=f"^({CURRENCIES})$")
    status: Optional[Status] = None


class Order(NewOrder):
    id: int
    created_at: datetime
    updated_at: datetime

    class Config:
        orm_mode = True


async def authorized(key: Optional[str] = Security(api_key)) -> None:
    if key is None:
        raise HTTPException(401, "API key is missing")
    if not secrets.compare_digest(key.encode(), KEY.encode()):
        raise HTTPException(403, "Invalid API key")


async def session():
    async with Session() as opened:
        yield opened


app = FastAPI(dependencies=[Depends(authorized)])


async def found(order_id: str, database: AsyncSession) -> Row:
    row = (await database.execute(select(Row).where(Row.order_id == order_id))).scalar_one_or_none()
    if row is None:
        raise HTTPException(404, "Order not found")
    return row


@app.post("/orders/", response_model=Order, status_code=201)
async def create(order: NewOrder, database: AsyncSession = Depends(session)):
    row = Row(**order.dict() | {"status": order.status.value})
    database.add(row)
    try:
        await database.commit()
    except IntegrityError as error:
        raise HTTPException(400, "Order ID already exists") from error
    return row


@app.get("/orders/", response_model=list[Order])
async def list_orders(skip: int = Query(0, ge=0), limit: int = Query(100, ge=0, le=1000),
                      database: AsyncSession = Depends(session)):
    return (await database.execute(select(Row).order_by(Row.id).offset(skip).limit(limit))).scalars().all()


@app.get("/orders/summary")
async def summary(database: AsyncSession = Depends(session)):
    day = func.date(func.timezone(literal_column("'UTC'"), Row.order_date))  # no parameter: GROUP BY has it too
    rows = (await database.execute(
        select(day, Row.currency, func.count(), func.sum(Row.total_amount)).group_by(day, Row.currency)
        .order_by(day.desc(), Row.currency))).all()
    totals = {}
    for _, currency, _, revenue in rows:
        totals[currency] = totals.get(currency, 0) + int(revenue)
    return {
        "total_orders": sum(count for _, _, count, _ in rows),
        "total_revenue": [{"currency": currency, "total": totals[currency]} for currency in sorted(totals)],
        "revenue_per_day": [{"date": date.isoformat(), "currency": currency, "revenue": int(revenue)}
                            for date, currency, _, revenue in rows],
    }


@app.get("/orders/{order_id}", response_model=Order)
async def get(order_id: str, database: AsyncSession = Depends(session)):
    return await found(order_id, database)


@app.patch("/orders/{order_id}", response_model=Order)
async def update(order_id: str, change: Change, database: AsyncSession = Depends(session)):
    row = await found(order_id, database)
    for name, value in change.dict(exclude_unset=True).items():
        setattr(row, name, value.value if isinstance(value, Status) else value)
    row.updated_at = func.now()
    await database.commit()
    return row
