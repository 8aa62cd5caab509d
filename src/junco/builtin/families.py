"""The families that ship with junco: a row each."""

from __future__ import annotations

from typing import Annotated, Any

from junco.operator.family import Family
from junco.operator.ports import Port, Ports
from junco.types.array_type import IMAGE, VECTOR, VECTORS
from junco.types.media import AudioClip, SparseVector, VideoFrame
from junco.types.pieces import Box, Chunk, Face, Page, Segment, Shot

_VECTORS = list[Annotated[Any, VECTOR]]
"""Of a window; to speak of them takes no numpy."""

FAMILIES = (
    Family(
        "image-decode",
        "operator",
        Ports((Port("source", Any),), (Port("image", IMAGE),)),
        default="image-decode.pil",
        description="a path, bytes, file object or picture → pixels",
    ),
    Family(
        "image-text-decode",
        "operator",
        Ports((Port("source", Any),), (Port("item", Any),)),
        default="image-text-decode.pil",
        description="a source of a picture → pixels, or a text as it is",
    ),
    Family(
        "video-decode",
        "operator",
        Ports((Port("source", Any),), (Port("frame", VideoFrame),), rows="many"),
        default="video-decode.keyframes",
        description="a video, or a piece of it → its frames, each with its time",
        also=(Ports((Port("source", Any), Port("piece", Shot | Segment)), (Port("frame", VideoFrame),), rows="many"),),
    ),
    Family(
        "audio-decode",
        "operator",
        Ports((Port("source", Any),), (Port("clip", AudioClip),), rows="either"),
        default="audio-decode.av",
        description="a sound, or the sound of a video → samples, whole or in chunks",
    ),
    Family(
        "document-decode",
        "operator",
        Ports((Port("source", Any),), (Port("page", Page),), rows="many"),
        default="document-decode.auto",
        description="a document → the text of its pages",
    ),
    Family(
        "image-embedding",
        "operator",
        Ports((Port("image", IMAGE),), (Port("vector", VECTOR),)),
        default="image-embedding.efficientnet-lite",
        description="pixels → one vector",
    ),
    Family(
        "image-text-embedding",
        "operator",
        Ports((Port("item", Any),), (Port("vector", VECTOR),)),
        default="image-text-embedding.conse",
        description="pixels or a text → one vector, in a space for both",
    ),
    Family(
        "omni-embedding",
        "operator",
        Ports((Port("item", Any),), (Port("vector", VECTOR),)),
        default="omni-embedding.sentence-transformers",
        description="a text, picture, sound or video → one vector, in a space for all",
    ),
    Family(
        "text-embedding",
        "operator",
        Ports((Port("text", str),), (Port("vector", VECTOR),)),
        default="text-embedding.minilm",
        description="a text → one vector",
    ),
    Family(
        "sparse-text-embedding",
        "operator",
        Ports((Port("text", str),), (Port("vector", SparseVector),)),
        default="sparse-text-embedding.bm25",
        description="a text → a sparse vector: a weight for each of its words",
    ),
    Family(
        "multi-vector",
        "operator",
        Ports((Port("item", Any),), (Port("vectors", VECTORS),)),
        default="multi-vector.sentence-transformers",
        description="a text or picture → a vector for each of its tokens",
    ),
    Family(
        "audio-embedding",
        "operator",
        Ports((Port("clip", AudioClip),), (Port("vector", VECTOR),)),
        default="audio-embedding.yamnet",
        description="sound → one vector",
    ),
    Family(
        "speaker-embedding",
        "operator",
        Ports((Port("clip", AudioClip),), (Port("vector", VECTOR),)),
        default="speaker-embedding.ge2e",
        description="speech → one vector of who speaks",
    ),
    Family(
        "face-embedding",
        "operator",
        Ports(
            (
                Port("image", IMAGE),
                Port("face", Face),
            ),
            (Port("vector", VECTOR),),
        ),
        default="face-embedding.sface",
        description="pixels and a face in them → one vector of who it is",
    ),
    Family(
        "object-detection",
        "operator",
        Ports((Port("image", IMAGE),), (Port("box", Box),), rows="many"),
        default="object-detection.ssd",
        description="pixels → boxes around the objects in them",
    ),
    Family(
        "face-detection",
        "operator",
        Ports((Port("image", IMAGE),), (Port("face", Face),), rows="many"),
        default="face-detection.yunet",
        description="pixels → the faces in them",
    ),
    Family(
        "shot-detection",
        "operator",
        Ports((Port("source", Any),), (Port("shot", Shot),), rows="many"),
        default="shot-detection.content",
        description="a video → its shots, from cut to cut",
    ),
    Family(
        "frame-dedup",
        "operator",
        Ports((Port("frame", IMAGE),), (Port("is_new", bool),)),
        default="frame-dedup.dhash",
        description="a frame or picture → whether it differs from the one that was kept before",
    ),
    Family(
        "voice-activity",
        "operator",
        Ports((Port("clip", AudioClip),), (Port("segment", Segment),), rows="many"),
        default="voice-activity.silero",
        description="sound → where somebody speaks",
    ),
    Family(
        "audio-tagging",
        "operator",
        Ports((Port("clip", AudioClip),), (Port("segment", Segment),), rows="many"),
        default="audio-tagging.yamnet",
        description="sound → what is heard, and when",
    ),
    Family(
        "text-split",
        "operator",
        Ports((Port("text", str),), (Port("chunk", Chunk),), rows="many"),
        default="text-split.characters",
        description="a text → pieces that a model can take",
    ),
    Family(
        "image-crop",
        "operator",
        Ports(
            (
                Port("image", IMAGE),
                Port("box", Box | Face),
            ),
            (Port("image", IMAGE),),
        ),
        default="image-crop.box",
        description="pixels and a box → the pixels inside",
    ),
    Family(
        "image-transform",
        "operator",
        Ports((Port("image", IMAGE),), (Port("image", IMAGE),)),
        default="image-transform.resize",
        description="pixels → pixels",
    ),
    Family(
        "vector",
        "operator",
        Ports((Port("vector", VECTOR),), (Port("vector", VECTOR),)),
        default="vector.normalize",
        description="a vector, or several, or those of a group → a vector",
        also=(
            Ports((Port("vectors", _VECTORS),), (Port("vector", VECTOR),)),
            Ports(None, (Port("vector", VECTOR),), each=Annotated[Any, VECTOR]),
        ),
    ),
    Family(
        "time-window",
        "operator",
        Ports(
            (
                Port("times", list[float]),
                Port("vectors", _VECTORS),
                Port("other_times", list[float]),
                Port("other_vectors", _VECTORS),
            ),
            (
                Port("window", Segment),
                Port("vector", VECTOR),
                Port("other_vector", VECTOR),
            ),
        ),
        default="time-window.mean",
        description="two kinds of vectors of one window of time → the window and a vector of each kind",
    ),
    Family(
        "image-embedding",
        "pipeline",
        Ports((Port("path", Any),), (Port("vector", VECTOR),)),
        default="image-embedding-efficientnet-lite0",
        description="a photo → one vector",
    ),
    Family(
        "text-embedding",
        "pipeline",
        Ports((Port("text", str),), (Port("vector", VECTOR),)),
        default="text-embedding-minilm",
        description="a text → one vector",
    ),
    Family(
        "image-text-embedding",
        "pipeline",
        Ports((Port("item", Any),), (Port("vector", VECTOR),)),
        default="image-text-embedding-conse",
        description="a photo or a text → one vector, in a space for both",
    ),
    Family(
        "image-object-embedding",
        "pipeline",
        Ports(
            (Port("path", Any),),
            (
                Port("box", Box),
                Port("vector", VECTOR),
            ),
            rows="many",
        ),
        default="image-object-embedding-ssd",
        description="a photo → each object's box and vector",
    ),
    Family(
        "face-embedding",
        "pipeline",
        Ports(
            (Port("path", Any),),
            (
                Port("face", Face),
                Port("vector", VECTOR),
            ),
            rows="many",
        ),
        default="face-embedding-sface",
        description="a photo → each face and its vector",
    ),
    Family(
        "video-embedding",
        "pipeline",
        Ports((Port("path", Any),), (Port("vector", VECTOR),)),
        default="video-embedding-keyframes",
        description="a video → one vector",
    ),
    Family(
        "video-object-embedding",
        "pipeline",
        Ports(
            (Port("path", Any),),
            (
                Port("frame", VideoFrame),
                Port("box", Box),
                Port("vector", VECTOR),
            ),
            rows="many",
        ),
        default="video-object-embedding-ssd",
        description="a video → the objects in it: frame, box and vector",
    ),
    Family(
        "video-audio-embedding",
        "pipeline",
        Ports(
            (Port("path", Any),),
            (
                Port("window", Segment),
                Port("image_vector", VECTOR),
                Port("audio_vector", VECTOR),
            ),
            rows="many",
        ),
        default="video-audio-embedding-yamnet",
        description="a video → vectors of what is seen and heard in the same seconds",
    ),
    Family(
        "video-deduplication",
        "pipeline",
        Ports(
            (Port("path", Any),),
            (
                Port("shot", Shot),
                Port("vector", VECTOR),
            ),
            rows="many",
        ),
        default="video-deduplication-content",
        description="a video → a vector for each shot, by which near copies are found",
    ),
    Family(
        "audio-embedding",
        "pipeline",
        Ports((Port("path", Any),), (Port("vector", VECTOR),)),
        default="audio-embedding-yamnet",
        description="a sound → one vector",
    ),
    Family(
        "speaker-embedding",
        "pipeline",
        Ports((Port("path", Any),), (Port("vector", VECTOR),)),
        default="speaker-embedding-ge2e",
        description="speech → one vector of who speaks",
    ),
    Family(
        "document-embedding",
        "pipeline",
        Ports(
            (Port("path", Any),),
            (
                Port("page", Page),
                Port("chunk", Chunk),
                Port("vector", VECTOR),
            ),
            rows="many",
        ),
        default="document-embedding-multilingual",
        description="a document → its pieces: page, chunk and vector",
    ),
)
