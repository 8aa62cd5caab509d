"""Pipelines of texts in LangChain, LlamaIndex and Haystack: documents and queries each in their role."""

from __future__ import annotations

import asyncio
import pickle

import pytest
from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core import Document as IndexDocument
from llama_index.core import VectorStoreIndex

from junco import pipeline
from junco.adapters.haystack import JuncoDocumentEmbedder, JuncoTextEmbedder
from junco.adapters.langchain import JuncoEmbeddings
from junco.adapters.llama_index import JuncoEmbedding
from junco.errors import InputError, UnknownNameError

TEXTS = ["我忘了密码", "a text of some more letters", "shorter"]
DOCUMENT, QUERY = 1.0, 2.0
"""What the pipeline of these tests makes of a role."""


def test_langchain_has_a_role_for_documents_and_one_for_queries():
    embeddings = JuncoEmbeddings("roles-test", {"scale": 10.0})
    assert embeddings.embed_documents(TEXTS) == [[10.0 * len(text), 10.0 * DOCUMENT] for text in TEXTS]
    assert embeddings.embed_query("shorter") == [70.0, 10.0 * QUERY]
    assert embeddings.embed_documents([]) == []
    assert asyncio.run(embeddings.aembed_query("shorter")) == embeddings.embed_query("shorter")
    assert asyncio.run(embeddings.aembed_documents(TEXTS)) == embeddings.embed_documents(TEXTS)


def test_langchain_stores_search_with_it():
    embeddings = JuncoEmbeddings("letters-test")
    store = InMemoryVectorStore.from_texts(TEXTS, embeddings)
    (found,) = store.similarity_search("shorter", k=1)
    assert found.page_content == "shorter"
    assert embeddings.space == pipeline("letters-test").space


def test_llama_index_has_the_roles_too_and_writes_itself_down():
    embedding = JuncoEmbedding("roles-test", {"scale": 10.0})
    assert embedding.get_text_embedding_batch(TEXTS) == [[10.0 * len(text), 10.0 * DOCUMENT] for text in TEXTS]
    assert embedding.get_query_embedding("shorter") == [70.0, 10.0 * QUERY]
    assert asyncio.run(embedding.aget_query_embedding("shorter")) == [70.0, 10.0 * QUERY]
    for back in (JuncoEmbedding.from_dict(embedding.to_dict()), pickle.loads(pickle.dumps(embedding))):
        assert back.get_query_embedding("shorter") == [70.0, 10.0 * QUERY]


def test_llama_index_searches_with_it():
    embedding = JuncoEmbedding(pipeline("letters-test"))
    index = VectorStoreIndex.from_documents([IndexDocument(text=text) for text in TEXTS], embed_model=embedding)
    assert index.as_retriever(similarity_top_k=1).retrieve("shorter")[0].text == "shorter"
    assert (embedding.model_name, embedding.space) == ("letters-test", pipeline("letters-test").space)


def test_haystack_embeds_documents_and_queries_each_in_their_role():
    done = JuncoDocumentEmbedder("roles-test").run(documents=[Document(content=text) for text in TEXTS])
    assert [each.embedding for each in done["documents"]] == [[len(text), DOCUMENT] for text in TEXTS]
    asked = JuncoTextEmbedder("roles-test").run(text="shorter")
    assert asked["embedding"] == [7.0, QUERY]
    assert asked["meta"]["model"] == "roles-test"
    with pytest.raises(InputError, match="no text"):
        JuncoDocumentEmbedder("roles-test").run(documents=[Document(content=None)])


def test_a_haystack_pipeline_searches_and_is_written_down():
    store = InMemoryDocumentStore()
    embedded = JuncoDocumentEmbedder("letters-test").run(documents=[Document(content=text) for text in TEXTS])
    store.write_documents(embedded["documents"])
    made = Pipeline()
    made.add_component("embed", JuncoTextEmbedder("letters-test", {"scale": 1.0}))
    made = Pipeline.loads(made.dumps(), allowed_modules=["junco.adapters.haystack"])
    made.add_component("find", InMemoryEmbeddingRetriever(store, top_k=1))
    made.connect("embed.embedding", "find.query_embedding")
    assert made.run({"embed": {"text": "shorter"}})["find"]["documents"][0].content == "shorter"
    with pytest.raises(InputError, match="give its name"):
        JuncoTextEmbedder(pipeline("letters-test")).to_dict()


@pytest.mark.parametrize("adapter", [JuncoEmbeddings, JuncoEmbedding, JuncoTextEmbedder, JuncoDocumentEmbedder])
def test_a_wrong_name_is_told_at_once(adapter):
    with pytest.raises(UnknownNameError, match="Did you mean 'letters-test'"):
        adapter("leters-test")
